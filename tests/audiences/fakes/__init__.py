"""Services that keep what they are sent: stateful, on loopback, and able to fail in all the ways that services do."""
