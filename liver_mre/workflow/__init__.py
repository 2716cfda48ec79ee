"""Running a study through a table of steps, whatever they do: runner, failures as data, stop request, progress."""
