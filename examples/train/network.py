"""A small network that sees where a cube's corners are, and what it takes of a batch."""

import torch
from torch import nn


class CornerNet(nn.Module):
    """One map over the image for each corner; the mean place of its softmax is the prediction."""

    def __init__(self, channels: int, points: int) -> None:
        super().__init__()
        self.maps = nn.Sequential(
            nn.Conv2d(channels, 16, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(64, 64, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(64, 64, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(64, points, 1),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """From uint8 items × height × width × channels to items × points × 2 in 0 … 1."""
        light = images.permute(0, 3, 1, 2).float() / 255
        maps = self.maps(light.sqrt() - 0.4)  # The root spreads the dark tones.
        places = maps.flatten(2).softmax(-1).view_as(maps)
        height, width = maps.shape[2:]
        across = (torch.arange(width, device=maps.device) + 0.5) / width
        down = (torch.arange(height, device=maps.device) + 0.5) / height
        x, y = (places.sum(2) * across).sum(-1), (places.sum(3) * down).sum(-1)
        return torch.stack([x, y], -1)


def normalised(batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Images of a batch, and their corners as parts of width and height."""
    images = batch["image"]
    return images, batch["xy"] / torch.tensor([images.shape[2], images.shape[1]])
