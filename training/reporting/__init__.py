"""What the evaluations share: statistics, tables, published clinical results, the HTML page."""
