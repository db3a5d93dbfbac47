/* netdevice(7), netlink(7), rtnetlink(7), getifaddrs(3): what is told of the loopback interface. */
#include "sockets.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>

static const char *shown(struct sockaddr *name) {
  static char text[2][64];
  static int next;
  char *into = text[next++ & 1];
  if (!name) return "none";
  if (name->sa_family == AF_INET) return inet_ntop(AF_INET, &((struct sockaddr_in *)name)->sin_addr, into, 64);
  if (name->sa_family == AF_INET6) return inet_ntop(AF_INET6, &((struct sockaddr_in6 *)name)->sin6_addr, into, 64);
  sprintf(into, "family %d", name->sa_family);
  return into;
}

static void listed(void) {
  struct ifaddrs *all, *one;
  say("getifaddrs %d", getifaddrs(&all));
  for (one = all; one; one = one->ifa_next)
    if (!strcmp(one->ifa_name, "lo")) say("flags %x %s mask %s", one->ifa_flags, shown(one->ifa_addr), shown(one->ifa_netmask));
  say("index %d, of none %d", if_nametoindex("lo"), if_nametoindex("nothing"));
  char name[IF_NAMESIZE];
  say("name %s", if_indextoname(1, name));
}

static long ask(int fd, long request, const char *name, struct ifreq *into) {
  memset(into, 0, sizeof *into);
  strcpy(into->ifr_name, name);
  return E(ioctl(fd, request, into));
}

static void asked(void) {
  int families[] = {AF_INET, AF_INET6, AF_UNIX};
  for (int i = 0; i < 3; i++) {
    int fd = socket(families[i], SOCK_DGRAM, 0);
    struct ifreq it;
    say("family %d", families[i]);
    say("flags %ld %x", ask(fd, SIOCGIFFLAGS, "lo", &it), it.ifr_flags);
    say("mtu %ld %d", ask(fd, SIOCGIFMTU, "lo", &it), it.ifr_mtu);
    say("index %ld %d", ask(fd, SIOCGIFINDEX, "lo", &it), it.ifr_ifindex);
    say("queue %ld %d", ask(fd, SIOCGIFTXQLEN, "lo", &it), it.ifr_qlen);
    long hardware = ask(fd, SIOCGIFHWADDR, "lo", &it);
    say("hardware %ld %d", hardware, it.ifr_hwaddr.sa_family);
    say("none %ld", ask(fd, SIOCGIFFLAGS, "nothing", &it));
    if (families[i] == AF_INET) {
      say("address %ld %s", ask(fd, SIOCGIFADDR, "lo", &it), shown(&it.ifr_addr));
      say("mask %ld %s", ask(fd, SIOCGIFNETMASK, "lo", &it), shown(&it.ifr_netmask));
    }
    say("not for sockets %ld", E(ioctl(fd, TCGETS, &it)));
    say("nowhere %ld", E(ioctl(fd, SIOCGIFFLAGS, BAD)));
  }
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq many[32];
  struct ifconf list = {.ifc_len = sizeof many, .ifc_req = many};
  say("list %ld", E(ioctl(fd, SIOCGIFCONF, &list)));
  for (int i = 0; i < list.ifc_len / (int)sizeof *many; i++)
    if (!strcmp(many[i].ifr_name, "lo")) say("%s %s", many[i].ifr_name, shown(&many[i].ifr_addr));
  list.ifc_len = sizeof *many - 1;
  say("no room %ld %d", E(ioctl(fd, SIOCGIFCONF, &list)), list.ifc_len);
}

static void resolved(void) {
  struct addrinfo *found, *one, hints = {.ai_socktype = SOCK_STREAM};
  say("localhost %d", getaddrinfo("localhost", "80", &hints, &found));
  int some = 0;
  for (one = found; one; one = one->ai_next) some |= one->ai_family == AF_INET;
  say("of version four %d", some);
  hints.ai_flags = AI_NUMERICHOST;
  say("127.0.0.1 %d", getaddrinfo("127.0.0.1", "80", &hints, &found));
  say("%s", shown(found->ai_addr));
}

static void netlink(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), second = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE);
  say("type %ld domain %ld stream %ld", option(fd, SOL_SOCKET, SO_TYPE), option(fd, SOL_SOCKET, SO_DOMAIN), E(socket(AF_NETLINK, SOCK_STREAM, 0)));
  struct sockaddr_nl name = {AF_NETLINK}, kernel = {AF_NETLINK};
  socklen_t length = sizeof name;
  say("short %ld", E(bind(fd, (void *)&name, 11)));
  say("bind %ld", E(bind(fd, (void *)&name, sizeof name)));
  getsockname(fd, (void *)&name, &length);
  say("length %d family %d port mine %d", length, name.nl_family, name.nl_pid == getpid());
  say("taken %ld", E(bind(second, (void *)&name, sizeof name)));
  struct {
    struct nlmsghdr header;
    struct ifinfomsg link;
  } request = {{sizeof request, RTM_GETLINK, NLM_F_REQUEST | NLM_F_ACK, 7}, {AF_UNSPEC, 0, 0, 1}};
  say("ask %ld", E(sendto(fd, &request, sizeof request, 0, (void *)&kernel, sizeof kernel)) == sizeof request);
  char buffer[16384];
  long whole = E(recv(fd, buffer, 8, MSG_PEEK | MSG_TRUNC));
  long count = E(recv(fd, buffer, sizeof buffer, 0));
  struct nlmsghdr *header = (void *)buffer;
  struct ifinfomsg *link = NLMSG_DATA(header);
  say("whole %d, type %d flags %x seq %d, index %d type %d flags %x", whole == count, header->nlmsg_type, header->nlmsg_flags, header->nlmsg_seq, link->ifi_index, link->ifi_type, link->ifi_flags);
  count = E(recv(fd, buffer, sizeof buffer, MSG_DONTWAIT));
  say("acknowledged %ld type %d error %d", count, header->nlmsg_type, ((struct nlmsgerr *)NLMSG_DATA(header))->error);
  request.link.ifi_index = 77777;
  send(fd, &request, sizeof request, 0);
  recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
  say("none: type %d error %d", header->nlmsg_type, ((struct nlmsgerr *)NLMSG_DATA(header))->error);
  request.header.nlmsg_type = RTM_GETADDR, request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.link.ifi_index = 0;
  send(fd, &request, sizeof request, 0);
  for (int done = 0; !done;) {
    count = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count <= 0) break;
    for (header = (void *)buffer; NLMSG_OK(header, count); header = NLMSG_NEXT(header, count)) {
      done = header->nlmsg_type == NLMSG_DONE;
      if (done) say("done flags %x", header->nlmsg_flags);
      if (header->nlmsg_type != RTM_NEWADDR) continue;
      struct ifaddrmsg *address = NLMSG_DATA(header);
      if (address->ifa_index == 1) say("family %d bits %d scope %d flags %x", address->ifa_family, address->ifa_prefixlen, address->ifa_scope, address->ifa_flags & 0x80);
    }
  }
  header = (void *)buffer;
  got("nothing more", fd, 0);
}

int main(void) {
  RUN(listed);
  RUN(asked);
  RUN(resolved);
  RUN(netlink);
  return 0;
}
