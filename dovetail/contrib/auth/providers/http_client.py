"""The HTTP client for providers: no redirects, no proxies, limited responses, and no internal addresses.

The metadata of a provider contains further URLs. Whoever controls them could make the site send requests to hosts
behind its firewall (server-side request forgery). So each host is resolved and checked here, and that very address is
used.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import cast

import httpx2

from dovetail.contrib.auth.providers.identity import ProviderError
from dovetail.contrib.auth.setting_types.providers import AnyProvider

MAXIMUM_ANSWER = 1_000_000  # bytes
# Networks whose last 32 bits are an IPv4 address: RFC 6052, section 2.1, and RFC 4291, section 2.5.5.1.
CARRIERS = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")  # RFC 8215
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Dovetail"}


class ProviderTransport(httpx2.AsyncBaseTransport):
    """Sends requests to one provider and reads responses of up to MAXIMUM_ANSWER bytes.

    It raises ProviderError for an internal address, unless the provider is configured as internal, and for a response
    that is compressed or too long.
    """

    def __init__(self, provider: AnyProvider, tls: ssl.SSLContext) -> None:
        self._inner = httpx2.AsyncHTTPTransport(verify=tls, trust_env=False)
        self._may_be_internal = provider.internal_network

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the response to `request`; its body is read by the client."""
        response = await self._send(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise ProviderError(f"{request.url.host} sent a compressed answer, expected a plain one")
        response.stream = _Limited(cast("httpx2.AsyncByteStream", response.stream), request.url.host)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        if self._may_be_internal:
            return await self._inner.handle_async_request(request)
        host = request.url.host
        addresses = await _resolve(host, request.url.port or 443)
        internal = [address for address in addresses if _is_internal(address)]
        if internal:
            raise ProviderError(
                f"{host} is at {internal[0]}, an address of an internal network; if it is meant to be, write "
                '"internal_network": true beside the provider in AUTH_PROVIDERS'
            )
        for address in addresses[:-1]:
            try:
                return await self._send_to(request, address)
            except httpx2.ConnectError:
                continue
        return await self._send_to(request, addresses[-1])

    async def _send_to(self, request: httpx2.Request, address: str) -> httpx2.Response:
        there = httpx2.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,  # whose Host is the name
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},  # the name in the certificate
        )
        return await self._inner.handle_async_request(there)


class _Limited(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, host: str) -> None:
        self._stream = stream
        self._host = host

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > MAXIMUM_ANSWER:
                raise ProviderError(f"{self._host} sent more than {MAXIMUM_ANSWER} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def make_tls() -> ssl.SSLContext:
    """Return the TLS context for all providers; creating one is slow."""
    return httpx2.create_ssl_context()


def _is_internal(text: str) -> bool:
    address = _reached_by(ip_address(text))
    return not address.is_global or address.is_multicast or address in LOCAL_NAT64


def _reached_by(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the address that packets for an address finally reach: some IPv6 addresses contain an IPv4 address."""
    if isinstance(address, IPv4Address):
        return address
    if any(address in network for network in CARRIERS):
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or address


async def _resolve(host: str, port: int) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ProviderError(f"{host} has no address: {error}") from None
    return list(dict.fromkeys(str(address[0]).partition("%")[0] for *_, address in found))
