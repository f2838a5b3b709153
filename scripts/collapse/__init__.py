"""Model collapse, as a library: the science, without workflow, files and paths.

Importing this package sets environment variables before NumPy and PyTorch load, so that a
computation gives the same bytes on every x86-64 machine with AVX2. They limit every process to one
thread (independent chains run in parallel instead) and pin the instruction set of the numerical
libraries.
"""

import gc
import os

_PINNED = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # AVX2: available on every x86-64 server and laptop of the last ten years
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_CBWR": "COMPATIBLE",
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    # cuBLAS is deterministic only with a workspace of fixed size
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
}
os.environ.update(_PINNED)

# Imports create no garbage. Collecting less often saves a seventh of the time that PyTorch and
# transformers need to load.
gc.set_threshold(50_000, 20, 100)
