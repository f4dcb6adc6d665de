#!/bin/sh
# boot.sh TREE PACKAGES: becomes systemd, as process 1 of a machine whose root is TREE, or, when TREE is
# /, a throw-away copy of this one; PACKAGES is there as /packages. It has a network of its own with nobody
# else in it. To be started as root in new namespaces: of mounts, processes, hosts, IPC, network and groups.
set -eu
root=$1
packages=$2

mount --make-rprivate /
if [ "$root" = / ]; then
    mount -t tmpfs tmpfs /mnt
    mkdir /mnt/upper /mnt/work /mnt/root
    mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
    root=/mnt/root
    # Nothing of what this machine runs, but what the relay asks for.
    ln -sf /lib/systemd/system/basic.target "$root/etc/systemd/system/default.target"
    rm -f "$root/usr/sbin/policy-rc.d"
    echo >"$root/etc/fstab"
else
    mount --bind "$root" "$root"
fi
cd "$root"

mkdir -p packages
mount --bind "$packages" packages
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
    : >"dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx

# The groups as they are here: one tree, or one for each controller and one for systemd.
if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
    mount -t cgroup2 cgroup2 sys/fs/cgroup
else
    mount -t tmpfs tmpfs sys/fs/cgroup
    mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified
    mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
    mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
fi

# A card for mDNS.
ip link set lo up
ip link add room0 type veth peer name room1
ip addr add 192.168.77.1/24 dev room0
ip link set room0 up
ip link set room1 up

mkdir -p .old
pivot_root . .old
umount -l /.old
rmdir /.old
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --log-target=console --log-level=warning --show-status=no
