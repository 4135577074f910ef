/** A UUID in either case (RFC 9562, section 4). */
export const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
