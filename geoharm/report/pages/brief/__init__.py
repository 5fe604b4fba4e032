"""The brief: four pages for the board. Headline and balance, harm by harm, where and when, doubts and data."""
