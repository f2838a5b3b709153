"""Language models: fine-tune, generate, fine-tune again."""
