"""What each series is, which series make an acquisition, and in which unit its pixels are."""
