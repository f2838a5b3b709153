"""Chains of variational autoencoders on MNIST."""
