#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# While QEMU migrates a guest, truced takes nothing from it, though a rule asks for that, and says so;
# the guest beside it is limited. Once the migration is called off, the limit comes.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/truced.sh
. "$SOURCE_ROOT/tests/truced.sh"
need_program qemu-system-x86_64 qemu-system-x86

# A guest of firmware alone, which finds nothing to boot and waits. The first monitor is truced's.
# guest NAME [OPTION...]
guest() {
	guest_name=$1
	shift
	background qemu-system-x86_64 -accel tcg -nodefaults -no-user-config -display none -m 128 \
		-name "guest=$vms-$guest_name,debug-threads=on" \
		-qmp "unix:$scratch/$guest_name.qmp,server=on,wait=off" \
		-chardev "socket,id=ours,path=$scratch/$guest_name.ours,server=on,wait=off" \
		-mon chardev=ours,mode=control "$@"
	poll_until 30 test -S "$scratch/$guest_name.ours" || fail "the guest $guest_name did not start"
}

# tell NAME COMMAND [ARGUMENTS]: what its QEMU answers.
tell() {
	python3 - "$scratch/$1.ours" "$2" "${3:-{\}}" <<-'PYTHON'
		import json, socket, sys
		client = socket.socket(socket.AF_UNIX)
		client.settimeout(20)
		client.connect(sys.argv[1])
		stream = client.makefile("rw")
		def ask(**command):
		    print(json.dumps(command), file=stream, flush=True)
		    while True:
		        answer = json.loads(stream.readline())
		        if "return" in answer or "error" in answer:
		            return answer
		stream.readline()
		ask(execute="qmp_capabilities")
		answer = ask(execute=sys.argv[2], arguments=json.loads(sys.argv[3]))
		if "error" in answer:
		    sys.exit(f"{sys.argv[2]}: {answer['error']['desc']}")
		print(json.dumps(answer["return"]))
	PYTHON
}

guest leaves
guest stays
guest arrives -incoming "unix:$scratch/incoming"

# So slow that it lasts: 128 MiB of memory, a page of nothing being nine bytes.
tell leaves migrate-set-parameters '{"max-bandwidth": 4000}' >/dev/null || fail "its bandwidth cannot be set"
tell leaves migrate "{\"uri\": \"unix:$scratch/incoming\"}" >/dev/null || fail "it does not migrate"
is_under_way() { tell leaves query-migrate | grep -q '"status": "active"'; }
poll_until 30 is_under_way || fail "the migration is $(tell leaves query-migrate)"

truced_conf '[truced]' 'mode = enforce' 'interval = 200ms'
cat >"$TRUCE_CONF_DIR/policies.d/half.lua" <<END
policy "half"
interval (200 * ms)
class "half" { name = { "$vms-leaves", "$vms-stays" } }
intent "half" { cpu = { limit = 0.5 * cpus } }
END
truced_start

quota() { "$TRUCE" list --over 0 --no-header --columns quota "$1" 2>/dev/null | tr -d ' '; }
is_limited() { [ "$(quota "$vms-$1")" = 50.0 ]; }
poll_until 60 is_limited stays || fail "the guest beside it has a quota of $(quota "$vms-stays"): $("$TRUCE" explain "$vms-stays")"
says_why() { "$TRUCE" explain "$vms-leaves" 2>&1 | grep -q 'migrat'; }
poll_until 30 says_why || fail "nobody says that it migrates: $("$TRUCE" explain "$vms-leaves")"
is_under_way || fail "the migration was over too soon"
! is_limited leaves || fail "it migrates and was limited: $("$TRUCE" explain "$vms-leaves")"
"$TRUCE" explain "$vms-leaves" | grep migrat

tell leaves migrate_cancel >/dev/null || fail "it cannot be called off"
poll_until 60 is_limited leaves || fail "it stays here, with a quota of $(quota "$vms-leaves"): $("$TRUCE" explain "$vms-leaves")"
