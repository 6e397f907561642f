/** How a connection shows its token, where the receiver wants one. */

namespace py logferry.access

/** The token is none of the receiver's. The connection is closed behind this answer. */
exception AccessDenied {
  1: string reason
}

/** The multiplexed name is LogferryAccess; without a name the method decides. */
service LogferryAccess {
  /** The first call of a connection, before any of another service. Where no token is wanted every one is taken. */
  void authenticate(1: string token) throws (1: AccessDenied denied)
}
