"""A discriminator and its relativistic losses, for a `crisp` variant: it may paint what was never there.

One step of training, for restored and true pictures (B, C, H, W):

    discriminator_loss(critic(truth), critic(restored.detach()))   for the critic's optimizer
    generator_loss(critic(truth).detach(), critic(restored))       for the student's, beside a pixel loss
"""

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

SLOPE = 0.2  # of the leaky ReLU


class PatchDiscriminator(nn.Module):
    """Says of each patch of a picture how true it looks: unbounded scores, to be compared with others'.

    planes   1 for luma, 3 for RGB
    width    channels of the first layer, doubled by each further one
    halvings how often the size is halved; 3 make a patch of 46 pixels a side

    forward: (B, planes, H, W) in 0..1 to (B, 1, H / 2**halvings - 1, W / 2**halvings - 1); sides of at least
    2**(halvings + 1). Spectral norm keeps the scores' slope bounded, without statistics of the batch, which
    would let pictures of one batch speak for each other.
    Source: Isola, Zhu, Zhou, Efros 2017, arXiv:1611.07004 (patches); Miyato, Kataoka, Koyama, Yoshida 2018,
    arXiv:1802.05957 (spectral norm).
    """

    def __init__(self, planes: int = 1, width: int = 32, halvings: int = 3) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        into = planes
        for halving in range(halvings):
            out = width * 2**halving
            layers += [spectral_norm(nn.Conv2d(into, out, 4, stride=2, padding=1)), nn.LeakyReLU(SLOPE)]
            into = out
        self.body = nn.Sequential(*layers)
        self.score = spectral_norm(nn.Conv2d(into, 1, 4, padding=1))

    def forward(self, picture: Tensor) -> Tensor:
        features = self.body(
            2 * picture - 1
        )  # (B, width * 2**(halvings - 1), H / 2**halvings, W / 2**halvings)
        scores: Tensor = self.score(features)  # (B, 1, H / 2**halvings - 1, W / 2**halvings - 1)
        return scores


def discriminator_loss(true_scores: Tensor, restored_scores: Tensor) -> Tensor:
    """Relativistic average loss of the discriminator: true patches should look truer than the mean restored.

    true_scores, restored_scores   of any shape; both get a gradient

    mean of -log sigmoid(Ct - mean Cr) and of -log(1 - sigmoid(Cr - mean Ct)), added: 2 log 2 where it cannot
    tell them apart, 0 where it surely can.
    Source: Jolicoeur-Martineau 2018, arXiv:1807.00734, RaSGAN; for restoration Wang et al. 2018 (ESRGAN),
    arXiv:1809.00219.
    """
    truer = true_scores - restored_scores.mean()
    falser = restored_scores - true_scores.mean()
    return F.softplus(-truer).mean() + F.softplus(falser).mean()


def generator_loss(true_scores: Tensor, restored_scores: Tensor) -> Tensor:
    """Relativistic average loss of the student: discriminator_loss with the parts exchanged.

    Restored patches should look truer than the mean true one, and true ones less true than the mean restored
    one: 2 log 2 where they cannot be told apart, and less where the restored ones look truer.
    Source: as discriminator_loss.
    """
    return discriminator_loss(restored_scores, true_scores)
