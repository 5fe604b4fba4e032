"""What the changes add up to as harm under stated weights; activity stays outside the sum."""
