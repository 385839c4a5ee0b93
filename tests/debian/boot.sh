#!/bin/sh
# Starts the Debian in folder $1 as a machine of its own: its systemd, in namespaces and the control group $2.
# Nothing is mounted that anybody else sees, and the kernel's settings cannot be changed from there.
set -eu
root=$1
echo $$ > "$2/cgroup.procs"
exec unshare --mount --pid --uts --ipc --net --cgroup --fork --kill-child=KILL sh -euc '
    mount --make-rprivate /
    mount --bind "$0" "$0"
    cd "$0"
    mount -t proc proc proc
    mount --bind proc/sys proc/sys
    mount -o remount,bind,ro proc/sys
    mount -t sysfs -o ro sysfs sys
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    mount -t tmpfs -o mode=755 tmpfs run
    mount -t tmpfs -o mode=755 tmpfs dev
    for name in null zero full random urandom tty; do
        touch "dev/$name"
        mount --bind "/dev/$name" "dev/$name"
    done
    mkdir dev/pts dev/shm
    mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
    mount -t tmpfs -o mode=1777 tmpfs dev/shm
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    ln -s fd/0 dev/stdin
    ln -s fd/1 dev/stdout
    ln -s fd/2 dev/stderr
    ip link set lo up
    hostname petition
    mkdir -p outside
    pivot_root . outside
    umount -l /outside
    rmdir /outside
    kernels=-sys_module,-sys_rawio,-sys_boot,-sys_time
    exec setpriv "--bounding-set=$kernels" "--inh-caps=$kernels" env -i container=trial PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init
' "$root"
