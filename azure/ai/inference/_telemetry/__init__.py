"""OpenTelemetry: spans, metrics and events of the clients' calls. Loaded only once `AIInferenceInstrumentor` asks."""
