"""OpenTelemetry: spans, metrics and events of the clients' calls. Loaded only by `AIInferenceInstrumentor`."""
