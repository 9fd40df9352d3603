"""Pure translation between the forms two systems speak, each with its losses."""
