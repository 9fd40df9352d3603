"""An association on loopback, for the demo and the tests. The engine never imports it."""
