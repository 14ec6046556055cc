"""Values in HCL, the language of Terraform: found by a scanner, since no parser tells positions."""

from perflab.files.edits.hcl.find import find, leaves

__all__ = ["find", "leaves"]
