"""Numbers that runs are compared by: from the right rows, the first and last of each chain."""

import numpy as np
import pandas as pd
from collapse.claims import headline


def tables():
    """Tables over runs whose values name their own row."""
    gaussian = pd.DataFrame(
        [(d, m, g, 100 * d + m + g) for d in (0, 1) for m in (10, 20) for g in (0, 1, 5)],
        columns=["ddof", "size", "generation", "std"],
    ).assign(mean_error=np.nan)
    gmm = pd.DataFrame(
        {"regime": "replace", "data": "blob", "size": 7, "generation": [0, 2], "total_std": [3, 4]}
    )
    vae = pd.DataFrame(
        {
            "quantity": ["latent_mean"] * 2 + ["latent_std"] * 2,
            "generation": [0, 1] * 2,
            "mean": [8.0, 8.0, 0.9, 0.5],
            "regime": "pool",
        }
    )
    lm = pd.DataFrame(
        {
            "model": ["zero-shot", "real", "generation 1"] * 2,
            "generation": [-1, 0, 1] * 2,
            "mean": [90.0, 30.0, 40.0, 91.0, 31.0, 41.0],
            "definition": ["token"] * 3 + ["sequence"] * 3,
            "setting": "penalty2",
        }
    )
    return {"gaussian": {"replace": gaussian}, "gmm": gmm, "vae": vae, "lm": lm}


def test_a_column_for_every_chain_with_the_values_of_its_own_rows():
    found = headline.histories(**tables())
    assert list(found.index) == [0, 1, 2, 5]
    assert list(found["gaussian_replace_ddof1_size20_std"].dropna()) == [120, 121, 125]
    assert list(found["gmm_replace_blob_size7_std"].dropna()) == [3, 4]
    assert list(found["vae_pool_latent_std"].dropna()) == [0.9, 0.5]
    assert list(found["lm_penalty2_token_perplexity"].dropna()) == [30, 40]  # not the untrained
    assert list(found["lm_penalty2_sequence_perplexity"].dropna()) == [31, 41]
    assert len(found.columns) == 4 + 1 + 1 + 2


def test_ends_are_those_of_each_chain_not_of_the_longest():
    ends = headline.ends(headline.histories(**tables())).set_index("quantity")
    assert list(ends.loc["gmm_replace_blob_size7_std"]) == [3, 4, 2]
    assert list(ends.loc["gaussian_replace_ddof0_size10_std"]) == [10, 15, 5]


def test_families_that_were_not_run_have_no_column():
    given = tables()
    found = headline.histories({}, lm=given["lm"])
    assert {name.split("_")[0] for name in found} == {"lm"}
    assert headline.ends(found)["last_generation"].tolist() == [1, 1]
    alone = headline.histories(given["gaussian"])
    assert {name.split("_")[0] for name in alone} == {"gaussian"}
    whole = headline.histories(**given)
    assert found.equals(whole[list(found)].dropna())


def test_numbers_of_a_family_are_the_first_and_last_of_its_chains():
    found = headline.histories(**tables())
    lost, kept = "gaussian_replace_ddof0_size10_std", "gaussian_replace_ddof1_size20_std"
    numbers = headline.numbers(found, {"last": lost, "kept": kept})
    assert numbers == {"first": 10, "last": 15, "kept": 125}
    assert headline.numbers(found, {}) == {}
    assert headline.numbers(found / 3, {"last": lost}) == {"first": 3.333, "last": 5}


def test_curves_have_rows_where_a_chain_has_a_value_and_none_elsewhere():
    found = headline.histories(**tables())
    chains = {"replace": "gmm_replace_blob_size7_std", "pool": "vae_pool_latent_std"}
    assert headline.curves(found, chains) == [
        {"generation": 0, "replace": 3, "pool": 0.9},
        {"generation": 1, "replace": None, "pool": 0.5},
        {"generation": 2, "replace": 4, "pool": None},
    ]
