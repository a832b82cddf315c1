# For the scripts beside this file: a local AWS of their own on a free port, twenty times faster than the wall clock, which ends with
# the script. It needs bin/slipway, bin/pingpong and bin/functions (make tools functions).

# start_local starts it and sets what clients need: the endpoint and dummy credentials, and none of the caller's own settings.
start_local() {
  work=$(mktemp -d)
  bin/slipway local --port 0 --speed "${SPEED:-20}" >"$work/said" 2>&1 &
  local_pid=$!
  trap end_local EXIT
  for _ in $(seq 100); do
    if grep -q 'AWS_ENDPOINT_URL=' "$work/said"; then break; fi
    if ! kill -0 "$local_pid" 2>/dev/null; then cat "$work/said"; exit 1; fi
    sleep 0.1
  done
  AWS_ENDPOINT_URL=$(sed -n 's/.*AWS_ENDPOINT_URL=\([^ ]*\) .*/\1/p' "$work/said")
  if [[ -z $AWS_ENDPOINT_URL ]]; then echo "bin/slipway local did not start:"; cat "$work/said"; exit 1; fi
  for name in $(compgen -e | grep '^AWS_'); do
    if [[ $name != AWS_ENDPOINT_URL ]]; then unset "$name"; fi
  done
  export AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=eu-west-1
  export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true AWS_PAGER=
}

end_local() {
  kill -INT "$local_pid" 2>/dev/null || true
  wait "$local_pid" || true
  rm -rf "$work"
}

# told waits until Slipway has told something that matches a pattern.
told() {
  for _ in $(seq $((10 * ${PATIENCE:-60}))); do
    if grep -q -- "$1" "$work/said"; then return 0; fi
    sleep 0.1
  done
  return 1
}
