"""Predict where an Istio sidecar sends an outgoing request, and why."""
