"""Sources of real data and pretrained models, all verified by checksum."""
