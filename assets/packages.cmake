# `ninja package` makes two Debian packages, of a release build for /usr:
#   cmake -S . -B build/packages -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF -DCMAKE_INSTALL_PREFIX=/usr
set(CPACK_GENERATOR DEB)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_BINARY_DIR}/packages-check.cmake)
if(NOT CMAKE_BUILD_TYPE STREQUAL Release OR NOT CMAKE_INSTALL_PREFIX STREQUAL /usr)
  file(WRITE ${CPACK_PROJECT_CONFIG_FILE}
    "message(FATAL_ERROR \"Packages are made of a build with -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr\")\n")
else()
  file(WRITE ${CPACK_PROJECT_CONFIG_FILE} "")
endif()
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON) # for what goes to /etc
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
  GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_VERBATIM_VARIABLES ON)

set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The Backfence authors <authors@backfence.invalid>")
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL app relay)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(CPACK_DEBIAN_APP_PACKAGE_NAME backfence)
set(CPACK_COMPONENT_APP_DESCRIPTION "chat and files for everyone on the same network
Open it and you are in the room of your network, with everyone else who
opened it and with what was said before: no account, no address to type, no
internet, no server. Files and whole folders go straight from one machine to
the other. Everything is encrypted on its way and signed by its author.

This package has the window and the console. The package backfence-relay
makes a network's room permanent.")
set(CPACK_DEBIAN_APP_PACKAGE_RECOMMENDS "avahi-daemon, fonts-inter, fonts-jetbrains-mono, \
fonts-noto-core, fonts-noto-color-emoji, hicolor-icon-theme, xdg-utils")
set(CPACK_DEBIAN_APP_PACKAGE_SUGGESTS "backfence-relay, fonts-noto-cjk, libdecor-0-plugin-1-cairo")
set(CPACK_DEBIAN_APP_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/debian/app/conffiles)

set(CPACK_DEBIAN_RELAY_PACKAGE_NAME backfence-relay)
set(CPACK_COMPONENT_RELAY_DESCRIPTION "keeps the chat room of a network for years
A small server for a machine that stays on. It announces itself, every
Backfence on the network finds it and moves there by itself, and it keeps the
room and its history. What people write to each other in private it stores
and forwards, but cannot read.

Installing this package starts it. Nothing needs to be configured.")
# The user is made by systemd's tool, which is to be had without systemd, too.
set(CPACK_DEBIAN_RELAY_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_RELAY_PACKAGE_RECOMMENDS avahi-daemon)
set(relay_control ${CMAKE_CURRENT_SOURCE_DIR}/debian/relay)
set(CPACK_DEBIAN_RELAY_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_BINARY_DIR}/debian/conffiles
  ${relay_control}/postinst ${relay_control}/prerm ${relay_control}/postrm)

# Only what is installed may be called a configuration file.
set(conffiles "/etc/ufw/applications.d/backfence\n")
if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/relay.conf)
  string(APPEND conffiles "/etc/backfence/relay.conf\n")
endif()
file(CONFIGURE OUTPUT debian/conffiles CONTENT "${conffiles}")

include(CPack)
