"""What authors of plug-ins test with: scenario harness, conformance suites, stand-ins for outside services."""
