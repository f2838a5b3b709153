"""Model collapse, as a library: the science, without Snakemake and without paths.

Importing the package pins what must be pinned before NumPy or PyTorch load, so that the same
job gives the same bytes on any x86-64 machine with AVX2: one thread per process (parallelism
comes from independent chains) and one instruction set for every numerical library.
"""

import gc
import os

_PINNED = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # AVX2 is what every x86-64 server and laptop of the last decade has
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_CBWR": "COMPATIBLE",
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    # cuBLAS is deterministic only with a fixed workspace
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
}
os.environ.update(_PINNED)

# imports make no garbage, and looking for it takes a seventh of what PyTorch and transformers need
gc.set_threshold(50_000, 20, 100)
