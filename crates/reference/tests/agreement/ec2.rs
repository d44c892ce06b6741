//! Amazon EC2: ec2Query, with its own names and flattened lists.

use crate::Report;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, Filter, FlowLogsResourceType, InstanceType, IpPermission, IpRange,
    ResourceType, Tag, TagSpecification, TrafficType, VolumeType, VpcAttributeName,
};

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

fn tags_of(resource: ResourceType) -> TagSpecification {
    TagSpecification::builder()
        .resource_type(resource)
        .tags(tag("k", "é &"))
        .build()
}

fn filter(name: &str, values: &[&str]) -> Filter {
    values
        .iter()
        .fold(Filter::builder().name(name), |filter, value| {
            filter.values(*value)
        })
        .build()
}

fn https() -> IpPermission {
    IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(443)
        .to_port(443)
        .ip_ranges(
            IpRange::builder()
                .cidr_ip("0.0.0.0/0")
                .description("all")
                .build(),
        )
        .build()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table: one row an operation")]
async fn ec2() {
    let mut report = Report::default();
    macro_rules! same {
        ($($line:tt)*) => { agree!(report, aws_sdk_ec2, "ec2", "xml", $($line)*) };
    }
    same!(
        "CreateVpc",
        {"CidrBlock": "10.0.0.0/16",
         "TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "k", "Value": "é &"}]}]},
        |client| client
            .create_vpc()
            .cidr_block("10.0.0.0/16")
            .tag_specifications(tags_of(ResourceType::Vpc))
    );
    same!(
        "DescribeVpcs",
        {"Filters": [{"Name": "isDefault", "Values": ["true", "false"]}], "VpcIds": ["vpc-1"]},
        |client| client
            .describe_vpcs()
            .filters(filter("isDefault", &["true", "false"]))
            .vpc_ids("vpc-1")
    );
    same!("DescribeSubnets", {"SubnetIds": ["subnet-1", "subnet-2"]}, |client| client
        .describe_subnets()
        .subnet_ids("subnet-1")
        .subnet_ids("subnet-2"));
    same!(
        "DescribeVpcAttribute",
        {"VpcId": "vpc-1", "Attribute": "enableDnsSupport"},
        |client| client
            .describe_vpc_attribute()
            .vpc_id("vpc-1")
            .attribute(VpcAttributeName::EnableDnsSupport)
    );
    same!(
        "ModifyVpcAttribute",
        {"VpcId": "vpc-1", "EnableDnsSupport": {"Value": true}},
        |client| client
            .modify_vpc_attribute()
            .vpc_id("vpc-1")
            .enable_dns_support(AttributeBooleanValue::builder().value(true).build())
    );
    same!(
        "CreateSecurityGroup",
        {"GroupName": "g", "Description": "d", "VpcId": "vpc-1"},
        |client| client
            .create_security_group()
            .group_name("g")
            .description("d")
            .vpc_id("vpc-1")
    );
    same!("DescribeSecurityGroups", {"GroupIds": ["sg-1"]}, |client| client
        .describe_security_groups()
        .group_ids("sg-1"));
    same!(
        "DescribeSecurityGroupRules",
        {"Filters": [{"Name": "group-id", "Values": ["sg-1"]}]},
        |client| client
            .describe_security_group_rules()
            .filters(filter("group-id", &["sg-1"]))
    );
    same!(
        "AuthorizeSecurityGroupIngress",
        {"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
            "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}]}]},
        |client| client
            .authorize_security_group_ingress()
            .group_id("sg-1")
            .ip_permissions(https())
    );
    same!(
        "RevokeSecurityGroupIngress",
        {"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
            "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}]}]},
        |client| client
            .revoke_security_group_ingress()
            .group_id("sg-1")
            .ip_permissions(https())
    );
    same!("DescribeRouteTables", {"RouteTableIds": ["rtb-1"]}, |client| client
        .describe_route_tables()
        .route_table_ids("rtb-1"));
    same!(
        "CreateRoute",
        {"RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"},
        |client| client
            .create_route()
            .route_table_id("rtb-1")
            .destination_cidr_block("0.0.0.0/0")
            .gateway_id("igw-1")
    );
    same!(
        "DeleteRoute",
        {"RouteTableId": "rtb-1", "DestinationIpv6CidrBlock": "::/0"},
        |client| client
            .delete_route()
            .route_table_id("rtb-1")
            .destination_ipv6_cidr_block("::/0")
    );
    same!(
        "DescribeNetworkAcls",
        {"Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}]},
        |client| client
            .describe_network_acls()
            .filters(filter("vpc-id", &["vpc-1"]))
    );
    same!(
        "DescribeFlowLogs",
        {"Filter": [{"Name": "resource-id", "Values": ["vpc-1"]}]},
        |client| client
            .describe_flow_logs()
            .filter(filter("resource-id", &["vpc-1"]))
    );
    same!(
        "CreateFlowLogs",
        {"ResourceIds": ["vpc-1"], "ResourceType": "VPC", "TrafficType": "ALL", "LogGroupName": "/f",
         "DeliverLogsPermissionArn": "arn", "ClientToken": "mine", "MaxAggregationInterval": 60},
        |client| client
            .create_flow_logs()
            .resource_ids("vpc-1")
            .resource_type(FlowLogsResourceType::Vpc)
            .traffic_type(TrafficType::All)
            .log_group_name("/f")
            .deliver_logs_permission_arn("arn")
            .client_token("mine")
            .max_aggregation_interval(60)
    );
    same!(
        "CreateTags",
        {"Resources": ["i-1"], "Tags": [{"Key": "a", "Value": "b c"}, {"Key": "d", "Value": ""}]},
        |client| client
            .create_tags()
            .resources("i-1")
            .tags(tag("a", "b c"))
            .tags(tag("d", ""))
    );
    same!("DeleteTags", {"Resources": ["i-1"], "Tags": [{"Key": "a"}]}, |client| client
        .delete_tags()
        .resources("i-1")
        .tags(Tag::builder().key("a").build()));
    same!(
        "DescribeTags",
        {"Filters": [{"Name": "resource-id", "Values": ["i-1"]}], "MaxResults": 10},
        |client| client
            .describe_tags()
            .filters(filter("resource-id", &["i-1"]))
            .max_results(10)
    );
    same!(
        "DescribeInstances",
        {"InstanceIds": ["i-1", "i-2"], "DryRun": false},
        |client| client
            .describe_instances()
            .instance_ids("i-1")
            .instance_ids("i-2")
            .dry_run(false)
    );
    same!("DescribeInstanceStatus", {"IncludeAllInstances": true}, |client| client
        .describe_instance_status()
        .include_all_instances(true));
    same!(
        "RunInstances",
        {"ImageId": "ami-1", "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 2, "ClientToken": "mine",
         "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "k", "Value": "é &"}]}]},
        |client| client
            .run_instances()
            .image_id("ami-1")
            .instance_type(InstanceType::T3Micro)
            .min_count(1)
            .max_count(2)
            .client_token("mine")
            .tag_specifications(tags_of(ResourceType::Instance))
    );
    same!("StartInstances", {"InstanceIds": ["i-1"]}, |client| client
        .start_instances()
        .instance_ids("i-1"));
    same!("StopInstances", {"InstanceIds": ["i-1"], "Force": true}, |client| client
        .stop_instances()
        .instance_ids("i-1")
        .force(true));
    same!("RebootInstances", {"InstanceIds": ["i-1"]}, |client| client
        .reboot_instances()
        .instance_ids("i-1"));
    same!("TerminateInstances", {"InstanceIds": ["i-1"]}, |client| client
        .terminate_instances()
        .instance_ids("i-1"));
    same!(
        "CreateVolume",
        {"AvailabilityZone": "us-east-1a", "Size": 8, "VolumeType": "gp3", "ClientToken": "mine"},
        |client| client
            .create_volume()
            .availability_zone("us-east-1a")
            .size(8)
            .volume_type(VolumeType::Gp3)
            .client_token("mine")
    );
    same!("DescribeVolumes", {"VolumeIds": ["vol-1"]}, |client| client
        .describe_volumes()
        .volume_ids("vol-1"));
    same!("DeleteVolume", {"VolumeId": "vol-1"}, |client| client
        .delete_volume()
        .volume_id("vol-1"));
    same!("DescribeAvailabilityZones", {"ZoneNames": ["us-east-1a"]}, |client| client
        .describe_availability_zones()
        .zone_names("us-east-1a"));
    same!(
        "DescribeNetworkInterfaces",
        {"Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}]},
        |client| client
            .describe_network_interfaces()
            .filters(filter("vpc-id", &["vpc-1"]))
    );
    same!("DescribeInternetGateways", {"InternetGatewayIds": ["igw-1"]}, |client| client
        .describe_internet_gateways()
        .internet_gateway_ids("igw-1"));
    report.holds(32);
}
