"""Lambda entry points: each turns AWS's event into one call of the spine and the result into AWS's answer."""
