"""What the what-ifs of several patterns share."""
