"""How a message leaves the house, and what the other side answered."""
