use bytes::Bytes;
use psrp::{Destination, Message, MessageTarget, MessageType};
use uuid::Uuid;

#[test]
fn the_numbers_and_names_are_those_of_the_specification() {
    let table = [
        (0x0001_0002, "SESSION_CAPABILITY"),
        (0x0001_0004, "INIT_RUNSPACEPOOL"),
        (0x0001_0005, "PUBLIC_KEY"),
        (0x0001_0006, "ENCRYPTED_SESSION_KEY"),
        (0x0001_0007, "PUBLIC_KEY_REQUEST"),
        (0x0001_0008, "CONNECT_RUNSPACEPOOL"),
        (0x0002_1002, "SET_MAX_RUNSPACES"),
        (0x0002_1003, "SET_MIN_RUNSPACES"),
        (0x0002_1004, "RUNSPACE_AVAILABILITY"),
        (0x0002_1005, "RUNSPACEPOOL_STATE"),
        (0x0002_1006, "CREATE_PIPELINE"),
        (0x0002_1007, "GET_AVAILABLE_RUNSPACES"),
        (0x0002_1008, "USER_EVENT"),
        (0x0002_1009, "APPLICATION_PRIVATE_DATA"),
        (0x0002_100A, "GET_COMMAND_METADATA"),
        (0x0002_100B, "RUNSPACEPOOL_INIT_DATA"),
        (0x0002_100C, "RESET_RUNSPACE_STATE"),
        (0x0002_1100, "RUNSPACEPOOL_HOST_CALL"),
        (0x0002_1101, "RUNSPACEPOOL_HOST_RESPONSE"),
        (0x0004_1002, "PIPELINE_INPUT"),
        (0x0004_1003, "END_OF_PIPELINE_INPUT"),
        (0x0004_1004, "PIPELINE_OUTPUT"),
        (0x0004_1005, "ERROR_RECORD"),
        (0x0004_1006, "PIPELINE_STATE"),
        (0x0004_1007, "DEBUG_RECORD"),
        (0x0004_1008, "VERBOSE_RECORD"),
        (0x0004_1009, "WARNING_RECORD"),
        (0x0004_1010, "PROGRESS_RECORD"),
        (0x0004_1011, "INFORMATION_RECORD"),
        (0x0004_1100, "PIPELINE_HOST_CALL"),
        (0x0004_1101, "PIPELINE_HOST_RESPONSE"),
    ];
    assert_eq!(MessageType::ALL.len(), table.len());
    for (number, name) in table {
        let message_type = MessageType::try_from(number).unwrap();
        assert_eq!((message_type.number(), message_type.to_string().as_str()), (number, name));
        let target = if number >> 16 == 4 { MessageTarget::Pipeline } else { MessageTarget::Pool };
        assert_eq!(message_type.target(), target, "{name}");
    }
}

#[test]
fn the_header_is_forty_bytes_with_mixed_endian_identifiers() {
    let message = Message {
        destination: Destination::Server,
        message_type: MessageType::CreatePipeline,
        rpid: Uuid::from_u128(0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f),
        pid: Some(Uuid::from_u128(0x1011_1213_1415_1617_1819_1a1b_1c1d_1e1f)),
        data: Bytes::from_static(b"<S>x</S>"),
    };
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    #[rustfmt::skip]
    let header = [
        2, 0, 0, 0,  0x06, 0x10, 0x02, 0,
        3, 2, 1, 0,  5, 4,  7, 6,  8, 9, 10, 11, 12, 13, 14, 15,
        19, 18, 17, 16,  21, 20,  23, 22,  24, 25, 26, 27, 28, 29, 30, 31,
    ];
    assert_eq!(bytes[..40], header);
    assert_eq!(&bytes[40..], b"<S>x</S>");
    assert_eq!(Message::decode(Bytes::from(bytes)).unwrap(), message);
}

#[test]
fn an_all_zero_pipeline_is_none() {
    let message = Message {
        destination: Destination::Client,
        message_type: MessageType::SessionCapability,
        rpid: Uuid::nil(),
        pid: None,
        data: Bytes::new(),
    };
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    assert_eq!(bytes[8..], [0; 32]);
    assert_eq!(Message::decode(Bytes::from(bytes)).unwrap(), message);
}

#[test]
fn debug_text_has_no_body() {
    let message = Message {
        destination: Destination::Client,
        message_type: MessageType::PipelineOutput,
        rpid: Uuid::nil(),
        pid: None,
        data: Bytes::from_static(b"<S>secret</S>"),
    };
    let text = format!("{message:?}");
    assert!(!text.contains("secret") && text.contains("data_len: 13"), "{text}");
}
