"""How much real data each generation needs: counts against shares, unbiased and biased sampling."""
