"""Check that what a file holds has the shape that its reader takes, and name what does not."""

from collapse.errors import UserError


def checked(value, shape, origin):
    """Return a value of a file unchanged, if it has a shape.

    Parameters
    ----------
    value : object
        As a JSON or YAML parser returns it.
    shape : type
        As `pydantic.TypeAdapter` takes it; numbers are not read from text.
    origin : str
        The file, for the message.

    Raises
    ------
    UserError
        With the place of the first part that has another shape.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        TypeAdapter(shape).validate_python(value, strict=True)
    except ValidationError as error:
        mistake = error.errors()[0]
        place = ".".join(str(part) for part in mistake["loc"]) or "it"
        reason = mistake["msg"][0].lower() + mistake["msg"][1:]
        raise UserError(f"{origin}: {place} does not fit ({reason}): restore the file.") from error
    return value
