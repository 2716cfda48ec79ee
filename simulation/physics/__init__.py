"""The physics of one scan: shear modulus, waves, MR signal, k-space, inversion and confidence."""
