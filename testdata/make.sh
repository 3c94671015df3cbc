#!/bin/sh
# Runs real exporters over generated traffic and records what they send.
#
#   testdata/make.sh           write flows.pcap, flows.json and exports/ anew
#   testdata/make.sh --check   do so in a temporary folder, then let nfdump's collectors
#                              read both the new and the committed exports and compare
#                              every 5-tuple's sums with the tables
#
# Needs softflowd, pmacct, nfdump and nfdump-sflow; root on Debian installs them.
# Everything stays on 127.0.0.1.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
export TZ=UTC LC_ALL=C

check=no
case "${1:-}" in
'') ;;
--check) check=yes ;;
*) echo "usage: $0 [--check]" >&2; exit 2 ;;
esac

need() { # need PROGRAM PACKAGE
    command -v "$1" >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2" >/dev/null
    fi
    command -v "$1" >/dev/null || { echo "$1 is missing: install the package $2" >&2; exit 1; }
}
need softflowd softflowd
need pmacctd pmacct
need nfpcapd nfdump
need sfcapd nfdump-sflow

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=$here
[ $check = no ] || out=$work/new
mkdir -p "$out/exports"

(cd "$here/.." && for tool in traffic record check; do go build -o "$work/$tool" "./testdata/$tool"; done)
"$work/traffic" flows "$out"
"$work/traffic" demo "$work"

# record NAME COMMAND…: exports/NAME.pcap; {port} in the command is the receiver's port.
record() {
    name=$1
    shift
    echo "  $name"
    "$work/record" -out "$out/exports/$name.pcap" -quiet 300ms -limit 60s -- "$@" >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        exit 1
    }
}

# softflowd_export NAME PCAP VERSION. "none" is softflowd's word for no control socket;
# it may wait for ever with one. -a makes its uptime start at the first packet. It exports
# the -r argument as the interface's name, so that is a bare file name.
softflowd_export() {
    cd "$(dirname "$2")"
    record "$1" softflowd -d -a -r "$(basename "$2")" -v "$3" -n '127.0.0.1:{port}' -c none -p "$work/softflowd.pid" -m 100000
    cd "$here"
}

# pmacctd_export NAME PCAP [KEY: VALUE]…: a pmacctd with one plugin; the pairs name it.
pmacctd_export() {
    name=$1 pcap=$2
    shift 2
    {
        echo "daemonize: false"
        echo "pcap_savefile: $pcap"
        for line in "$@"; do echo "$line"; done
    } >"$work/pmacctd.conf"
    record "$name" sh -c "sed 's/@port@/{port}/' '$work/pmacctd.conf' >'$work/pmacctd.run' && exec pmacctd -f '$work/pmacctd.run'"
}
nfprobe() { # nfprobe NAME PCAP VERSION [MORE KEYS TO AGGREGATE BY]
    pmacctd_export "$1" "$2" 'plugins: nfprobe' 'nfprobe_receiver: 127.0.0.1:@port@' "nfprobe_version: $3" \
        "aggregate: src_host, dst_host, src_port, dst_port, proto, tos, vlan, tcpflags${4:-}" \
        'plugin_buffer_size: 1024000' 'plugin_pipe_size: 10240000' 'nfprobe_maxflows: 100000'
}
sfprobe() { # sfprobe NAME PCAP RATE
    pmacctd_export "$1" "$2" 'plugins: sfprobe' 'sfprobe_receiver: 127.0.0.1:@port@' 'sfprobe_agentip: 192.0.2.1' \
        "sampling_rate: $3" 'plugin_buffer_size: 1024000' 'plugin_pipe_size: 10240000'
}

echo "exports of flows.pcap:"
flows=$out/flows.pcap
softflowd_export softflowd-v5 "$flows" 5
softflowd_export softflowd-v9 "$flows" 9
softflowd_export softflowd-ipfix "$flows" 10
nfprobe pmacctd-v5 "$flows" 5
nfprobe pmacctd-v9 "$flows" 9
nfprobe pmacctd-ipfix "$flows" 10
sfprobe pmacctd-sflow "$flows" 1
sfprobe pmacctd-sflow-1in10 "$flows" 10
mkdir "$work/nfpcapd"
nfpcapd -r "$flows" -w "$work/nfpcapd" -t 3600 >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
for version in 5 9; do
    record "nfreplay-v$version" nfreplay -r "$work/nfpcapd/nfcapd.202609010800" -H 127.0.0.1 -p '{port}' -v $version
done

echo "exports of the demo's traffic:"
softflowd_export softflowd-v9-demo "$work/demo-netflow9.pcap" 9
softflowd_export softflowd-v5-demo "$work/demo-netflow5.pcap" 5
nfprobe pmacctd-ipfix-demo "$work/demo-ipfix.pcap" 10 ', src_mac, dst_mac'
sfprobe pmacctd-sflow-demo "$work/demo-sflow.pcap" 4

if [ $check = yes ]; then
    # The committed flow table must be what the generator makes today.
    cmp "$here/flows.pcap" "$out/flows.pcap"
    cmp "$here/flows.json" "$out/flows.json"
    echo "the committed exports:"
    "$work/check" -expected "$here/exports/expected.json" -tables "$here" -demo "$work" -exports "$here/exports"
    echo "the exports made now:"
    "$work/check" -expected "$here/exports/expected.json" -tables "$here" -demo "$work" -exports "$out/exports"
fi
