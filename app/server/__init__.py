"""Between uvicorn and the application on one machine: bounds for strangers, and one form for every log line."""
