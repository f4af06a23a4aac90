"""The camera as a whole: builds the adapters, decides what happens when one fails, obeys the control API."""
