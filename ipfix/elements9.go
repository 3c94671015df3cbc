package ipfix

// elements9 are field types of NetFlow v9, which has no enterprise numbers, that
// vendors took for themselves: of Ericsson's NAT, of Cisco's ASA and of Palo Alto's
// PAN-OS. Those of Cisco's routers and of ntop follow a rule, see Lookup9.
var elements9 = map[uint16]Element{
	24628: {0, 24628, Unsigned32, "natLogContextId"},
	24629: {0, 24629, String, "natLogContextName"},
	24630: {0, 24630, DateTimeSeconds, "natLogAssignTime"},
	24631: {0, 24631, DateTimeSeconds, "natLogUnassignTime"},
	24632: {0, 24632, IPv4Address, "natLogInternalIPv4Address"},
	24633: {0, 24633, IPv4Address, "natLogExternalIPv4Address"},
	24634: {0, 24634, Unsigned16, "natLogExternalPortFirst"},
	24635: {0, 24635, Unsigned16, "natLogExternalPortLast"},
	33000: {0, 33000, OctetArray, "ingressAclId"},
	33001: {0, 33001, OctetArray, "egressAclId"},
	33002: {0, 33002, Unsigned16, "fwExtEvent"},
	40000: {0, 40000, String, "aaaUserName"},
	// Before version 8.4 the ASA had numbers of its own for what IANA has as well.
	40001: {0, 225, IPv4Address, "postNATSourceIPv4Address"},
	40002: {0, 226, IPv4Address, "postNATDestinationIPv4Address"},
	40003: {0, 227, Unsigned16, "postNAPTSourceTransportPort"},
	40004: {0, 228, Unsigned16, "postNAPTDestinationTransportPort"},
	40005: {0, 233, Unsigned8, "firewallEvent"},
	56701: {0, 56701, String, "panosApplicationId"},
	56702: {0, 56702, String, "panosUserId"},
}
