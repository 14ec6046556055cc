"""The eviction policies, one file each: its loop at one size, and its loop within all bounds."""
