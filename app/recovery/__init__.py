"""What goes missing or piles up: deliveries, labels, and what is kept past its time."""
