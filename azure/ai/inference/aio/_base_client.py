"""The base of the asynchronous clients: pipeline, custom requests, model information, closing."""

import copy
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, cast

from azure.core import AsyncPipelineClient
from azure.core.rest import AsyncHttpResponse, HttpRequest
from typing_extensions import Self, Unpack

from .. import models
from .._http.credentials import KeyPolicy, forget_credentials
from .._http.deadline import CONNECTION_TIMEOUT, Deadline, TimeLeft
from .._http.policies import RefusedEndpointPolicy, build_policies
from .._http.proxies import with_environment
from .._operations.options import RequestOptions
from .._operations.settings import (
    AsyncCredential,
    Configuration,
    Settings,
    is_key,
    logger,
    make_credential,
    make_settings,
    pipeline_options,
)
from .._operations.signatures import with_options
from ._request_lock import RequestLock

if TYPE_CHECKING:
    from .._http.endpoint import Kind
    from .._operations.call import Call


class InferenceClient:
    """The base of the asynchronous clients.

    Clients are immutable. They are safe to share between tasks, and usable in several event loops, one after another.
    """

    _config: Configuration
    _client: AsyncPipelineClient[Any, Any]
    _settings: Settings
    _model_infos: "dict[str | None, models.ModelInfo]"

    def _build(
        self,
        endpoint: str,
        credential: AsyncCredential,
        kind: "Kind",
        known: tuple[str, ...],
        options: Mapping[str, Any],
    ) -> None:
        settings = make_settings(type(self).__name__, endpoint, kind, known, options)
        credential = make_credential(credential)
        self._settings = settings
        self._config = Configuration(endpoint, credential, settings)
        self._client = _pipeline_client(settings, credential, pipeline_options(options, known))
        self._model_infos = {}
        self._timeout = options.get("timeout")
        self._model_info_lock = RequestLock()

    if TYPE_CHECKING:
        pass  # With `__getattr__`, type checkers would accept any attribute.
    else:

        def __getattr__(self, name: str) -> Any:
            """Raise `AttributeError`, naming the counterpart here if the attribute is a method of another library."""
            from .._operations.other_libraries import missing_client_attribute

            raise missing_client_attribute(type(self).__name__, name)

    @property
    def _model_info(self) -> "models.ModelInfo | None":
        """The model information, if it has been requested. Dependants read it under this name."""
        return self._model_infos.get(None)

    def _with_defaults(self, changes: Mapping[str, Any]) -> Self:
        client = self.__class__.__new__(self.__class__)
        client.__dict__.update(self.__dict__)
        client._settings = self._settings.with_defaults(changes)
        return client

    async def _with_served_models(self, call: "Call", response: Any) -> "Call":
        """Return a refused call; if it was refused for its model, it knows the models that the endpoint lists."""
        from .._operations.served_models import keep, question, with_model_names

        served = self._settings.served
        asked = question(call, response, self._settings)
        if asked is not None:
            request, options = asked
            try:
                answer = await self._client._pipeline.run(request, **options)
                keep(served, answer.http_response)
            except Exception:  # noqa: BLE001 - the refusal is what the caller has to see
                logger.debug("The endpoint does not list its models.", exc_info=True)
        return with_model_names(call, served.names)

    @with_options(RequestOptions)
    async def get_model_info(
        self, *, model: str | None = None, force_refresh: bool = False, **options: Unpack[RequestOptions]
    ) -> "models.ModelInfo":
        """Ask the endpoint which model it serves.

        Serverless and managed endpoints support this; Azure OpenAI and most others do not. The client keeps the answer
        for each model, so however many callers ask, only one request is sent.

        :keyword model: The model to ask about, on endpoints that serve several (api-version 2025-04-01 and later).
        :keyword force_refresh: Whether to ask again.
        :return: The model's name, type and provider.
        :raises ~azure.core.exceptions.ResourceNotFoundError: The endpoint does not provide model information.
        :raises ~azure.core.exceptions.HttpResponseError: The service refused the request.
        """
        from .._operations.call import make_call
        from .._operations.model_info import info_operation, model_info_of

        call = make_call(self._settings, info_operation(model), options)
        timeout = options.get("timeout", self._timeout)
        deadline = None if timeout is None else Deadline(timeout)
        async with self._model_info_lock.hold(deadline):
            info = None if force_refresh or call.cls else self._model_infos.get(model)
            if info:
                return info
            left = {} if deadline is None else {"timeout": TimeLeft.of(deadline)}
            response = await self._client._pipeline.run(call.request, **{**call.options, **left})
            info = model_info_of(call, response.http_response)
            if call.cls is not None:
                return cast("models.ModelInfo", call.result(response, info))
            self._model_infos[model] = info
            return info

    async def send_request(self, request: HttpRequest, *, stream: bool = False, **kwargs: Any) -> AsyncHttpResponse:
        """Send a request of your own through the client's pipeline, with its credential.

        :param request: The request; it is not changed. A relative URL is resolved against the endpoint. The credential
            is sent to the endpoint's origin only.
        :keyword stream: Whether to leave the response's body for you to read.
        :keyword kwargs: Options of azure-core's pipeline: https://aka.ms/azsdk/python/options.
        :return: The response, whatever its status.
        :raises ~azure.core.exceptions.ServiceRequestError: No connection could be made.
        :raises ~azure.core.exceptions.ServiceResponseError: No response arrived, or not in time.
        """
        own = copy.deepcopy(request)
        own.url = self._settings.endpoint.absolute(own.url)
        response: AsyncHttpResponse = await self._client.send_request(own, stream=stream, **kwargs)
        forget_credentials(response)
        return response

    async def close(self) -> None:
        """Close the connections, which clients made by `with_defaults` share. Neither can be used afterwards."""
        await self._client.close()

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._client.__aexit__(exc_type, exc_value, traceback)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._settings.endpoint.base_url}>"

    def __str__(self) -> str:
        return "\n".join([repr(self), *map(str, self._model_infos.values())])

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be pickled: it holds a credential. Build one in each process.")


def _pipeline_client(settings: Settings, credential: Any, options: Mapping[str, Any]) -> AsyncPipelineClient[Any, Any]:
    from ._transport import WIRE_POLICIES, LoopTransport

    endpoint = settings.endpoint
    transport = options.get("transport")
    if transport is None:
        options = with_environment(endpoint.base_url, options)
        transport = LoopTransport(**{"connection_timeout": CONNECTION_TIMEOUT, **options})
    policies = options.get("policies")
    if policies is None:
        if is_key(credential):
            authentication: Any = KeyPolicy(credential, endpoint.key_headers)
        else:
            authentication = WIRE_POLICIES.token(credential, *endpoint.scopes)
        policies = build_policies(endpoint.base_url, authentication, WIRE_POLICIES, options)
    if endpoint.refusal is not None:
        policies = [RefusedEndpointPolicy(endpoint.refusal), *policies]
    return AsyncPipelineClient(endpoint.base_url, transport=transport, policies=policies)
