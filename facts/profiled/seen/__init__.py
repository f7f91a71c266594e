"""What the model will see: a row through the chat template, the loss mask, truncation, packing."""
