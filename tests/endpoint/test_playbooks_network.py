"""Playbooks about security groups, routes, registrations, load balancers and certificates, against moto."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import playbook_case
from playbook_case import ANY, Having, client

AGENTS = "ec2/security-group/acso-agents of the-vpc.in"


def admits(group, port):
    """The rule that lets a group in on a port."""
    return Having(IpProtocol="tcp", FromPort=port, ToPort=port, UserIdGroupPairs=[Having(GroupId=group)])


class PortClosed(playbook_case.Case):
    """No rule lets the caller in: its group is, on that port alone."""

    playbook = "acso/network-security"
    arguments = ("--yes=write,permission", "--no-verify", "-i", "allowed=0")
    causes = ("port_closed", "main_table_without_default")
    changes = {AGENTS: ([], [admits("sg-agents", 8000)])}


class NoDefaultRoute(playbook_case.Case):
    """The caller's subnets have no way out, and there is a NAT gateway: they get a route to it."""

    playbook = "acso/network-security"
    arguments = ("--yes=write,permission", "--no-verify", "-i", "allowed=0")
    causes = ("no_default_route", "port_closed")
    changes = {
        AGENTS: ([], [admits("sg-agents", 8000)]),
        "ec2/route-table/the-table.0.0.0.0/0": (None, "the-nat"),
    }

    def arrange(self):
        ec2 = client("ec2")
        for subnet in self.ids["subnets"]:
            ec2.associate_route_table(RouteTableId=self.ids["route table"], SubnetId=subnet)
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        gateway = ec2.create_nat_gateway(SubnetId=self.ids["subnets"][0], AllocationId=address)
        self.gateway = gateway["NatGateway"]["NatGatewayId"]

    def names(self):
        return super().names() | {self.gateway: "the-nat"}


class AgentPortClosed(playbook_case.Case):
    """The supervisor's calls fail because the port of the agents is closed to it."""

    playbook = "acso/inter-agent"
    arguments = ("--yes=write,permission", "--no-verify", "-i", "allowed=0", "-i", "port=9000")
    causes = ("port_closed",)
    changes = {AGENTS: ([], [admits("sg-agents", 9000)])}


class AddressesOfDeadTasks(playbook_case.Case):
    """Cloud Map knows an address that no task has: it is taken away, and the caller let in."""

    playbook = "agent-runtime/cross-service-communication"
    arguments = ("--yes=write,permission,destroy", "--no-verify", "-i", "tolerated=0", "-i", "log_group=/ecs/aar-axon")
    causes = ("security_group", "stale_registration")
    changes = {
        "servicediscovery/service/axon.i1": ({"AWS_INSTANCE_IPV4": "10.0.0.5"}, None),
        AGENTS: ([], [admits("sg-agents", 8080)]),
    }


class PortOpened(playbook_case.Case):
    """The shared rule: one port, one group."""

    playbook = "common/security-group-open"
    arguments = ("--yes=write,permission", "-i", "group={groups[2]}", "-i", "source={groups[0]}", "-i", "port=443")
    changes = {"ec2/security-group/aar-ecs of the-vpc.in": ([], [admits("sg-balancer", 443)])}
    left = {}


class PortClosedToTheWorld(playbook_case.Case):
    """A rule that admits the world is revoked; who assumed roles cannot be read from moto, and stays unknown."""

    playbook = "agent-runtime/unexpected-access"
    arguments = ("--yes=write,permission,destroy", "--no-verify")
    causes = ("open_to_world",)

    changes = {AGENTS: ([Having(FromPort=22, IpRanges=[{"CidrIp": "0.0.0.0/0"}])], [])}
    left = {}

    def arrange(self):
        client("ec2").authorize_security_group_ingress(
            GroupId=self.ids["groups"][1],
            IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        )


class NoTargets(playbook_case.Case):
    """The target group has no targets: that is for another playbook, and nothing is changed."""

    playbook = "agent-runtime/alb-target-health"
    arguments = ("--yes", "--no-verify")
    verdict = "unresolved"
    causes = ("no_targets",)
    exit = 1

    def arrange(self):
        elb = client("elbv2")
        elb.deregister_targets(TargetGroupArn=self.ids["targets"], Targets=[{"Id": "10.0.0.5", "Port": 80}])


class BadAnswers(playbook_case.Case):
    """The target is healthy and the load balancer answers with errors: the tasks are replaced."""

    playbook = "agent-runtime/alb-target-health"
    arguments = ("--yes", "--no-verify")
    causes = ("bad_answers",)
    changes = {"ecs/service/aar-axon.deployments": (ANY, ANY)}

    def arrange(self):
        dimension = self.ids["balancer"].split(":loadbalancer/")[1]
        points = [(minutes, 9) for minutes in range(2, 8)]
        playbook_case.put_points("AWS/ApplicationELB/HTTPCode_ELB_5XX_Count", {"LoadBalancer": dimension}, points)


class PortLooked(playbook_case.Case):
    """The shared look at a port that no rule lets in."""

    playbook = "common/security-group-allows"
    arguments = ("-i", 'groups=["{groups[2]}"]', "-i", 'sources=["{groups[0]}"]', "-i", "port=443")
    verdict = "diagnosed"


class BalancerFound(playbook_case.Case):
    """The shared lookup finds the load balancer by its name."""

    playbook = "common/load-balancer"
    arguments = ("-i", "name=aar-alb")


class CertificateExpiring(playbook_case.Case):
    """The listener's certificate is not valid, and a newer one is there: the listener gets it."""

    playbook = "agent-runtime/certificates"
    arguments = ("--yes", "--no-verify")
    causes = ("old_one_in_use",)
    changes = {
        "elbv2/listener/aar-alb:443.Certificates": (
            [{"CertificateArn": "the-certificate"}],
            [{"CertificateArn": "the-imported-certificate"}],
        )
    }
    left = {}

    def arrange(self):
        self.imported = client("acm").import_certificate(**self_signed("*.yourdomain.com"))["CertificateArn"]

    def names(self):
        return super().names() | {self.imported: "the-imported-certificate"}


class CertificateUnproven(playbook_case.Case):
    """ACM waits for a record that proves whose domain it is: the record is made in the hosted zone."""

    playbook = "agent-runtime/certificates"
    arguments = ("--yes", "--no-verify", "-i", "zone=yourdomain.com")
    causes = ("validation_missing",)
    changes = {
        "route53/record/the-record CNAME": (
            None,
            {"Name": "the-record", "Type": "CNAME", "TTL": 300, "ResourceRecords": [{"Value": "the-proof"}]},
        )
    }
    left = {}

    def arrange(self):
        client("route53").create_hosted_zone(Name="yourdomain.com", CallerReference="1")

    def names(self):
        certificate = client("acm").describe_certificate(CertificateArn=self.ids["certificates"][0])["Certificate"]
        record = certificate["DomainValidationOptions"][0]["ResourceRecord"]
        return super().names() | {record["Name"]: "the-record", record["Value"]: "the-proof"}


def self_signed(name):
    """A certificate for a year and its key, as `ImportCertificate` takes them."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {"Certificate": certificate.public_bytes(serialization.Encoding.PEM), "PrivateKey": private}
