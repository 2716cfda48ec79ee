"""How any study goes through a table of steps, whatever the steps do: one runner, failures as data, stop and progress."""
