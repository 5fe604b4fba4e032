"""What a user chooses of a simulated city: the seed of the demo, and how the target area is picked."""

from __future__ import annotations

DEMO_SEED = 20240601
TARGET_CHOICES = ("peak", "earlier", "level")
