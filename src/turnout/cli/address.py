"""`HOST:PORT` on the command line."""

import click

Address = tuple[str, int]


class AddressType(click.ParamType[Address]):
    """Reads `HOST:PORT`; an IPv6 host stands in brackets, port 0 means a free one."""

    name = "HOST:PORT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """The host and the port. Fails with a usage error that says what is wrong."""
        if isinstance(value, tuple):
            return value
        host, colon, port = str(value).rpartition(":")
        if not colon or not host:
            self.fail(f"{value!r} is not HOST:PORT", param, ctx)
        if not port.isascii() or not port.isdigit() or int(port) > 65535:
            self.fail(f"{port!r} is not a port from 0 to 65535", param, ctx)
        return host.removeprefix("[").removesuffix("]"), int(port)


ADDRESS = AddressType()
