import OMSLib
