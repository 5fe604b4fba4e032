"""Local and global tests of clustering, on grids and in area tables."""
