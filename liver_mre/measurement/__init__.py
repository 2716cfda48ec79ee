"""Stiffness of the liver, its 95 % interval, its fibrosis stage and its change since an earlier exam."""
