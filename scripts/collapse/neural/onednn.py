"""Linear layers that run in oneDNN on the CPU.

MKL gives the same bits on every processor only in a slow mode, which the `collapse` package
selects. oneDNN, which the package limits to AVX2, computes the products of linear layers in a third
to half of the time. It is expected, but not measured, that its results are also the same bits on
processors of other vendors.
"""

import torch
from torch import nn


def use_for_linear_layers(model):
    """Make the linear layers of a model on the CPU run in oneDNN.

    Other layers, layers on a GPU and inputs that are not float32 are unaffected.

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place; names and weights stay the same.

    Returns
    -------
    torch.nn.Module
        `model`.
    """
    if not torch.backends.mkldnn.is_available():
        return model
    for module in model.modules():
        if type(module) is nn.Linear and module.weight.device.type == "cpu":
            module.__class__ = Linear
    return model


class Linear(nn.Linear):
    """A `torch.nn.Linear` that computes in oneDNN: the same results up to rounding."""

    def forward(self, inputs):
        """Map inputs of shape (..., in features) to (..., out features)."""
        single = inputs.dtype == self.weight.dtype == torch.float32
        if not single or torch.is_autocast_enabled("cpu"):
            return super().forward(inputs)
        if not torch.is_grad_enabled():
            return _product(inputs, self.weight, self.bias)
        return _LinearFunction.apply(inputs, self.weight, self.bias)


class _LinearFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, weight, bias):
        ctx.save_for_backward(inputs, weight)
        ctx.has_bias = bias is not None
        return _product(inputs, weight, bias)

    @staticmethod
    def backward(ctx, gradient):
        inputs, weight = ctx.saved_tensors
        flat = gradient.reshape(-1, gradient.shape[-1])
        for_inputs = for_weight = None
        if ctx.needs_input_grad[0]:
            for_inputs = _product(flat, weight.t()).view(inputs.shape)
        if ctx.needs_input_grad[1]:
            for_weight = _product(flat.t(), inputs.reshape(-1, inputs.shape[-1]).t())
        return for_inputs, for_weight, flat.sum(dim=0) if ctx.has_bias else None


def _product(inputs, weight, bias=None):
    """inputs @ weight.T + bias."""
    return torch.ops.mkldnn._linear_pointwise(
        inputs.contiguous(), weight.contiguous(), bias, "none", [], ""
    )
