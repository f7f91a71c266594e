"""What is measured on real classes of torch: models built and run without a GPU."""
