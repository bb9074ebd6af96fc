"""Outside formats to records, one file each."""
